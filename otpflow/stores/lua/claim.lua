-- Spend one attempt before anything is compared, and return what the comparison needs.
-- KEYS: challenge, guesses. In the latter, the member 'row' counts wrong guesses one after the other, as a
-- negative score, which no time has.
-- ARGV: attempt, rules, longest window (ms), allowed in a row, memory of the row (ms).
-- Returns: {'claimed', attempts left, sealed, then number, digest,
--           'live' | 'superseded' | 'expired', ... of each code}
--        | {'settled', outcome, attempts left, sealed} for an attempt that has its verdict already
--        | {'expired'} | {'used', attempts left} | {'exhausted', 0} | {'throttled', wait (ms), attempts left}.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'state', 'attempts', 'deadline', 'sequence', 'sealed',
  'attempt:' .. ARGV[1])
if now >= tonumber(held[3] or 0) then return { 'expired' } end
local mark, attempts = held[6], tonumber(held[2])
if mark then
  -- A write, though it changes nothing: WAIT waits only for what its own connection wrote.
  redis.call('PEXPIREAT', KEYS[1], held[3])
  if mark ~= 'claimed' then
    local outcome, left = string.match(mark, '(.*):(%d+)')
    return { 'settled', outcome, left, held[5] }
  end
elseif held[1] == 'verified' then
  return { 'used', attempts }
elseif held[1] ~= 'pending' then
  return { 'expired' }
elseif attempts <= 0 then
  return { 'exhausted', 0 }
end
local codes, alive = {}, false
for code = 1, tonumber(held[4]) do
  local pair = redis.call('HMGET', KEYS[1], 'digest:' .. code, 'until:' .. code)
  if pair[1] then
    local standing = pair[2] == '0' and 'superseded' or tonumber(pair[2]) > now and 'live' or 'expired'
    alive = alive or standing == 'live'
    codes[#codes + 1] = code
    codes[#codes + 1] = pair[1]
    codes[#codes + 1] = standing
  end
end
if not mark then
  if not alive then return { 'expired' } end
  local wait = room(KEYS[2], now, ARGV[2])
  if -(redis.call('ZSCORE', KEYS[2], 'row') or 0) >= tonumber(ARGV[4]) then
    wait = math.max(wait, redis.call('PTTL', KEYS[2]))
  end
  if wait > 0 then return { 'throttled', wait, attempts } end
  attempts = attempts - 1
  redis.call('HSET', KEYS[1], 'attempts', attempts, 'attempt:' .. ARGV[1], 'claimed')
  redis.call('PEXPIREAT', KEYS[1], held[3])
  note(KEYS[2], now, ARGV[1], ARGV[3])
  redis.call('ZINCRBY', KEYS[2], -1, 'row')
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
return { 'claimed', attempts, held[5], unpack(codes) }
