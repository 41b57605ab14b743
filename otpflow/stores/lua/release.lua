-- The provider surely did not take the send: give its reservation, cooldown and budget back. Whoever asks may
-- not know whether it was reserved, nor under which number: that answer can have been lost.
-- KEYS: challenge, sends.  ARGV: send nonce.
-- Returns: {'released'}; the same again changes nothing.
redis.call('ZREM', KEYS[2], ARGV[1])
local held = redis.call('HMGET', KEYS[1], 'sequence', 'deadline', 'sends_left')
for number = 1, tonumber(held[1] or 0) do
  if redis.call('HGET', KEYS[1], 'send:' .. number) == ARGV[1] then
    if held[1] == '1' then
      redis.call('DEL', KEYS[1])
    else
      redis.call('HDEL', KEYS[1], 'send:' .. number, 'digest:' .. number, 'until:' .. number)
      redis.call('HSET', KEYS[1], 'sends_left', held[3] + 1)
      -- The send before it is the latest again; a number that comes twice comes with another nonce.
      if number == tonumber(held[1]) then redis.call('HSET', KEYS[1], 'sequence', number - 1) end
      redis.call('PEXPIREAT', KEYS[1], held[2])
    end
  end
end
return { 'released' }
