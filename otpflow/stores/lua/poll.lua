-- Tell whether the provider may be asked about the latest send now; each time it is, the next wait doubles.
-- KEYS: challenge.
-- ARGV: first wait (ms), how often at most, states in which there is something to ask (each between spaces).
-- Returns: {'ask' | 'last' | 'wait' | 'over', send number, state, provider, reference}; 'last': for the last
--          time; 'over': it has ended, was asked about often enough, or cannot be asked about.
--        | {'gone'} where there is no challenge.
local now = clock()
local held = redis.call('HMGET', KEYS[1], 'sequence', 'delivery', 'provider', 'reference', 'deadline')
if not held[1] then return { 'gone' } end
local number = held[1]
local state = string.match(held[2] or '', '^' .. number .. ':(.*)$') or ''
local reference, turn = state ~= '' and held[4] or '', 'over'
local polled = redis.call('HGET', KEYS[1], 'polled:' .. number) or '0@0'
local times, due = string.match(polled, '(%d+)@(%d+)')
if string.find(ARGV[3], ' ' .. state .. ' ', 1, true) and reference ~= '' and tonumber(times) < tonumber(ARGV[2]) then
  turn = 'wait'
  if now >= tonumber(due) then
    turn = times + 1 < tonumber(ARGV[2]) and 'ask' or 'last'
    local again = string.format('%d@%d', times + 1, now + ARGV[1] * 2 ^ times)
    redis.call('HSET', KEYS[1], 'polled:' .. number, again)
    redis.call('PEXPIREAT', KEYS[1], held[5])
  end
end
return { turn, number, state, held[3] or '', reference }
