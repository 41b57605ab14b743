-- Give a claimed attempt its verdict, once; a right code is used up here, or not at all.
-- KEYS: challenge, guesses.
-- ARGV: attempt, outcome of the comparison, number of the code that matched (0: none).
-- Returns: {outcome, attempts left}; the same attempt again gets the same answer.
local held = redis.call('HMGET', KEYS[1], 'state', 'attempts', 'deadline', 'attempt:' .. ARGV[1],
  'until:' .. ARGV[3])
if not held[4] then return { 'EXPIRED', 0 } end
-- A write also where the verdict stands: WAIT waits only for what its own connection wrote.
redis.call('PEXPIREAT', KEYS[1], held[3])
if held[4] ~= 'claimed' then return { string.match(held[4], '(.*):(%d+)') } end
local outcome = ARGV[2]
if outcome == 'VERIFIED' then
  if held[1] == 'verified' then
    outcome = 'ALREADY_USED'
  elseif held[1] ~= 'pending' or not held[5] then
    outcome = 'EXPIRED'
  elseif held[5] == '0' then
    outcome = 'SUPERSEDED'
  else
    redis.call('HSET', KEYS[1], 'state', 'verified')
    redis.call('ZREM', KEYS[2], ARGV[1], 'row')
  end
end
redis.call('HSET', KEYS[1], 'attempt:' .. ARGV[1], outcome .. ':' .. held[2])
return { outcome, held[2] }
