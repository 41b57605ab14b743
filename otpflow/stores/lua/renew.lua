-- Reserve one more send of a challenge, if it lives and every budget allows it. Refills nothing.
-- KEYS: challenge, sends.
-- ARGV: send nonce, rules, longest window (ms), number of the only send that it may follow (0: any).
-- Returns: {'admitted', view...} | {state} | {'overtaken'} | {'throttled', wait (ms), rule}.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'state', 'attempts', 'sends_left', 'sequence', 'deadline')
local deadline = tonumber(held[5] or 0)
if now >= deadline then return { 'expired' } end
if redis.call('HGET', KEYS[1], 'send:' .. held[4]) ~= ARGV[1] then
  if held[1] ~= 'pending' then return { held[1] } end
  if ARGV[4] ~= '0' and ARGV[4] ~= held[4] then return { 'overtaken' } end
  if tonumber(held[2]) <= 0 then return { 'exhausted' } end
  if tonumber(held[3]) <= 0 then return { 'throttled', deadline - now, 'challenge' } end
  local wait, rule = room(KEYS[2], now, ARGV[2])
  if wait > 0 then return { 'throttled', wait, rule } end
  note(KEYS[2], now, ARGV[1], ARGV[3])
  redis.call('HSET', KEYS[1], 'sequence', held[4] + 1, 'sends_left', held[3] - 1,
    'send:' .. (held[4] + 1), ARGV[1])
  redis.call('PEXPIREAT', KEYS[1], deadline)
end
return { 'admitted', unpack(view(KEYS[1], KEYS[2], now, ARGV[2])) }
