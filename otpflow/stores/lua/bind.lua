-- Tie an idempotency key to one request, or tell what it is tied to. Asking again renews the tie, so that
-- it outlives a challenge that is admitted only then.
-- KEYS: binding.  ARGV: value, life (ms).
-- Returns: {the value that holds: the new one or the earlier one}.
local held = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], held or ARGV[1], 'PX', ARGV[2])
return { held or ARGV[1] }
