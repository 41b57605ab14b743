-- Keep the hash of a code, before it is sent; from here on the code verifies.
-- KEYS: challenge.  ARGV: send nonce, send number, digest, life of the code (ms).
-- Returns: {'stored'} | {'gone'} where the challenge was cancelled, released or has expired meanwhile, or a
--          later send was taken, which ends the earlier codes.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'state', 'deadline', 'send:' .. ARGV[2], 'taken')
if held[1] ~= 'pending' or held[3] ~= ARGV[1] or now >= tonumber(held[2])
  or tonumber(ARGV[2]) < tonumber(held[4] or 0) then return { 'gone' } end
redis.call('HSET', KEYS[1], 'digest:' .. ARGV[2], ARGV[3],
  'until:' .. ARGV[2], math.min(now + ARGV[4], tonumber(held[2])))
redis.call('PEXPIREAT', KEYS[1], held[2])
return { 'stored' }
