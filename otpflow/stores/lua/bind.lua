-- Tie an idempotency key to one request, or tell what it is tied to.
-- KEYS: binding.  ARGV: value, life (ms).
-- Returns: the value that holds, the new one or the earlier one.
local held = redis.call('GET', KEYS[1])
if held then return { held } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { ARGV[1] }
