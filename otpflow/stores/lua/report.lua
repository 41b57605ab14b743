-- Take a provider's report of a send. Moves what is known of the latest send forward, and nothing else.
-- KEYS: challenge.
-- ARGV: send number, state, states that it overtakes (each between spaces), provider, reference ('' where it
--       has none).
-- Returns: {'moved' | 'same' | 'earlier', state, reference}; 'earlier': a later send was made since, or
--          another transport has taken this one, after the one that reports had refused it.
--        | {'gone'} where there is no such send.
local held = redis.call('HMGET', KEYS[1], 'send:' .. ARGV[1], 'sequence', 'delivery', 'reference', 'deadline',
  'provider')
if not held[1] then return { 'gone' } end
if held[2] ~= ARGV[1] then return { 'earlier', ARGV[2], ARGV[5] } end
-- A report may come before the send has returned: then what is held is of an earlier send.
local ours = string.find(held[3] or '', ARGV[1] .. ':', 1, true) == 1
if ours and held[6] ~= ARGV[4] then return { 'earlier', ARGV[2], ARGV[5] } end
local known = further(held[3], ARGV[1], ARGV[2], ARGV[3])
local reference = ours and held[4] ~= '' and held[4] or ARGV[5]
if known then return { 'same', known, reference } end
redis.call('HSET', KEYS[1], 'delivery', ARGV[1] .. ':' .. ARGV[2], 'provider', ARGV[4], 'reference', reference)
redis.call('PEXPIREAT', KEYS[1], held[5])
return { 'moved', ARGV[2], reference }
