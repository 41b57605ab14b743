-- End a pending challenge: its codes verify no more. Gives no budget back.
-- KEYS: challenge.
-- Returns: {'cancelled'} | {state, '' where there is none}.
local held = redis.call('HMGET', KEYS[1], 'state', 'deadline')
if not held[1] then return { '' } end
-- A write in every case: WAIT waits only for what its own connection wrote.
redis.call('PEXPIREAT', KEYS[1], held[2])
if held[1] ~= 'pending' then return { held[1] } end
redis.call('HSET', KEYS[1], 'state', 'cancelled')
return { 'cancelled' }
