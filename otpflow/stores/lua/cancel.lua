-- End a pending challenge: its codes verify no more. Gives no budget back.
-- KEYS: challenge.
-- Returns: {'cancelled'} | {state, '' where there is none}.
local held = redis.call('HMGET', KEYS[1], 'state', 'deadline')
if held[1] ~= 'pending' then return { held[1] or '' } end
redis.call('HSET', KEYS[1], 'state', 'cancelled')
redis.call('PEXPIREAT', KEYS[1], held[2])
return { 'cancelled' }
