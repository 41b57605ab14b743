-- The provider took the send, or nobody knows. Only a send that was taken starts the code's life anew
-- and ends the earlier codes.
-- KEYS: challenge, sends.
-- ARGV: send nonce, send number, life of the code (ms), rules, 'replace' | 'overlap', delivery state, states
--       that it overtakes (each between spaces), provider, reference.
-- Returns: {wait (ms), life (ms), attempts left, sends left, delivery state}.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'state', 'deadline', 'send:' .. ARGV[2], 'sequence',
  'until:' .. ARGV[2], 'delivery', 'reference')
local state = ARGV[6]
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
    -- A report may have come before the answer, and name the send where the answer does not.
    state = further(held[6], ARGV[2], ARGV[6], ARGV[7]) or ARGV[6]
    local ours = string.find(held[6] or '', ARGV[2] .. ':', 1, true) == 1
    local reference = ARGV[9] == '' and ours and held[7] or ARGV[9]
    redis.call('HSET', KEYS[1], 'delivery', ARGV[2] .. ':' .. state, 'provider', ARGV[8], 'reference', reference)
  end
  redis.call('PEXPIREAT', KEYS[1], held[2])
end
local answer = left(KEYS[1], KEYS[2], now, ARGV[4])
answer[#answer + 1] = state
return answer
