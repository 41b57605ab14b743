-- Reserve the first send of a new challenge, if every budget of the number allows it.
-- KEYS: challenge, sends.
-- ARGV: send nonce, rules, longest window (ms), life of the challenge (ms), then field, value, ...
-- Returns: {'admitted'} | {'replay', view...} | {'throttled', wait (ms), rule}.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'send:1', 'state')
if not held[2] then
  local wait, rule = room(KEYS[2], now, ARGV[2])
  if wait > 0 then return { 'throttled', wait, rule } end
  local deadline = now + ARGV[4]
  note(KEYS[2], now, ARGV[1], ARGV[3])
  redis.call('HSET', KEYS[1], 'state', 'pending', 'sequence', 1, 'send:1', ARGV[1],
    'deadline', deadline, unpack(ARGV, 5))
  redis.call('PEXPIREAT', KEYS[1], deadline)
  return { 'admitted' }
end
if held[1] == ARGV[1] then return { 'admitted' } end
return { 'replay', unpack(view(KEYS[1], KEYS[2], now, ARGV[2])) }
