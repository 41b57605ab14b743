-- Count a provider's failures in a row for all processes, and let one of them probe when it may be up again.
-- KEYS: breaker.
-- ARGV: 'failed' | 'taken' | 'ask', how many failures open it, memory of a failure (ms), pause (ms).
-- Returns: {'closed', 0} | {'open', wait (ms)} | {'probe', 0}.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'failures', 'until')
local failures, ends = tonumber(held[1] or 0), tonumber(held[2] or 0)
if ARGV[1] == 'taken' then
  redis.call('DEL', KEYS[1])
  return { 'closed', 0 }
end
if ARGV[1] == 'failed' then
  failures = failures + 1
  redis.call('HSET', KEYS[1], 'failures', failures)
  redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
end
if failures < tonumber(ARGV[2]) then return { 'closed', 0 } end
if ends > now then return { 'open', ends - now } end
-- Whoever comes now probes, or has just failed: everybody else waits for another pause.
redis.call('HSET', KEYS[1], 'until', now + ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
if ARGV[1] == 'ask' then return { 'probe', 0 } end
return { 'open', tonumber(ARGV[4]) }
