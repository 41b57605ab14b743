-- The provider surely did not take the send: give its reservation, cooldown and budget back.
-- KEYS: challenge, sends.  ARGV: send nonce, send number.
-- Returns: {'released'}; the same again changes nothing.
redis.call('ZREM', KEYS[2], ARGV[1])
local held = redis.call('HMGET', KEYS[1], 'send:' .. ARGV[2], 'sequence', 'deadline', 'sends_left')
if held[1] == ARGV[1] then
  if held[2] == '1' then
    redis.call('DEL', KEYS[1])
  else
    redis.call('HDEL', KEYS[1], 'send:' .. ARGV[2], 'digest:' .. ARGV[2], 'until:' .. ARGV[2])
    redis.call('HSET', KEYS[1], 'sends_left', held[4] + 1)
    -- The send before it is the latest again; a number that comes twice comes with another nonce.
    if held[2] == ARGV[2] then redis.call('HSET', KEYS[1], 'sequence', held[2] - 1) end
    redis.call('PEXPIREAT', KEYS[1], held[3])
  end
end
return { 'released' }
