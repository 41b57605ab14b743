-- The provider took the send, or nobody knows. Only a send that was taken starts the code's life anew
-- and ends the earlier codes.
-- KEYS: challenge, sends.
-- ARGV: send nonce, send number, life of the code (ms), rules, 'replace' | 'overlap', delivery state,
--       provider, reference.
-- Returns: {wait (ms), life (ms), attempts left, sends left}.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'state', 'deadline', 'send:' .. ARGV[2], 'sequence',
  'until:' .. ARGV[2])
if held[3] == ARGV[1] then
  -- A later send may have been taken meanwhile: then this code is over, and stays so.
  if held[1] == 'pending' and held[5] ~= '0' and ARGV[6] ~= 'UNKNOWN' then
    redis.call('HSET', KEYS[1], 'until:' .. ARGV[2], math.min(now + ARGV[3], tonumber(held[2])))
    for earlier = 1, ARGV[5] == 'replace' and ARGV[2] - 1 or 0 do
      if redis.call('HEXISTS', KEYS[1], 'until:' .. earlier) == 1 then
        redis.call('HSET', KEYS[1], 'until:' .. earlier, 0)
      end
      redis.call('HSET', KEYS[1], 'taken', ARGV[2])
    end
  end
  if held[4] == ARGV[2] then
    redis.call('HSET', KEYS[1], 'delivery', ARGV[6], 'provider', ARGV[7], 'reference', ARGV[8])
  end
  redis.call('PEXPIREAT', KEYS[1], held[2])
end
return left(KEYS[1], KEYS[2], now, ARGV[4])
