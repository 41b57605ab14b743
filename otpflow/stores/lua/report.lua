-- Take a provider's report of a send. Moves what is known of the latest send forward, and nothing else.
-- KEYS: challenge.
-- ARGV: send number, state, states that it overtakes (each between spaces), reference ('' where it has none).
-- Returns: {'moved' | 'corrected' | 'same' | 'earlier', state, reference}; 'corrected': it had ended in another
--          way already; 'earlier': a later send was made since.
--        | {'gone'} where there is no such send.
local held = redis.call('HMGET', KEYS[1], 'send:' .. ARGV[1], 'sequence', 'delivery', 'reference', 'deadline')
if not held[1] then return { 'gone' } end
if held[2] ~= ARGV[1] then return { 'earlier', ARGV[2], ARGV[4] } end
-- A report may come before the send has returned: then what is held is of an earlier send.
local known = further(held[3], ARGV[1], ARGV[2], ARGV[3])
local ours = string.find(held[3] or '', ARGV[1] .. ':', 1, true) == 1
local reference = ours and held[4] ~= '' and held[4] or ARGV[4]
if known then return { 'same', known, reference } end
redis.call('HSET', KEYS[1], 'delivery', ARGV[1] .. ':' .. ARGV[2], 'reference', reference)
if not ours then redis.call('HDEL', KEYS[1], 'provider') end
redis.call('PEXPIREAT', KEYS[1], held[5])
local open = not ours or string.find(held[3], ':ACCEPTED', 1, true) or string.find(held[3], ':UNKNOWN', 1, true)
return { open and 'moved' or 'corrected', ARGV[2], reference }
