-- Lift the guess budgets of one number, for support staff; its sending budgets stay.
-- KEYS: guesses.
-- Returns: {how many keys there were}.
return { redis.call('DEL', KEYS[1]) }
