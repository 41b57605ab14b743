-- Tie an idempotency key to one request, or tell what it is tied to.
-- KEYS: binding.  ARGV: value, life (ms), '1' to let the tie to this very value last that long again.
-- Returns: {the value that holds: the new one or the earlier one}.
local held = redis.call('GET', KEYS[1])
if not held or (held == ARGV[1] and ARGV[3] == '1') then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return { held or ARGV[1] }
