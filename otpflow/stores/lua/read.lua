-- What the application may see of a challenge.
-- KEYS: challenge, sends.  ARGV: rules.
-- Returns: {view...}; an empty state where there is none.
return view(KEYS[1], KEYS[2], clock(), ARGV[1])
