-- Put in front of every script. All times are milliseconds of Redis' own clock.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- How long until one more event fits every rule ("name=count/window ..."), and which rule says so; 0 when now.
local function room(events, now, rules)
  local wait, broken = 0, ''
  for name, count, window in string.gmatch(rules, '(%w+)=(%d+)/(%d+)') do
    local nth = redis.call('ZREVRANGE', events, count - 1, count - 1, 'WITHSCORES')[2]
    local left = nth and tonumber(nth) + window - now or 0
    if left > wait then wait, broken = left, name end
  end
  return wait, broken
end

-- Remember one event; the same member again changes nothing.
local function note(events, now, member, window)
  redis.call('ZREMRANGEBYSCORE', events, 0, now - window)
  redis.call('ZADD', events, now, member)
  redis.call('PEXPIRE', events, window)
end

-- What is known of a send, where a report of `state` does not move it forward; nothing where it does. What is
-- held is of the send that it names: "number:state".
local function further(held, number, state, overtaken)
  local known = string.match(held or '', '^' .. number .. ':(.*)$')
  if known and not string.find(overtaken, ' ' .. known .. ' ', 1, true) then return known end
end

-- What is left of a challenge, and then its fields that are named: see _replies.
local function left(challenge, sends, now, rules, ...)
  local held = redis.call('HMGET', challenge, 'sequence', 'attempts', 'sends_left', ...)
  local life = 0
  for code = 1, tonumber(held[1] or 0) do
    life = math.max(life, tonumber(redis.call('HGET', challenge, 'until:' .. code) or 0) - now)
  end
  local answer = { (room(sends, now, rules)), life }
  for index = 2, #held do answer[index + 1] = held[index] or '' end
  return answer
end

-- All that the application may see of a challenge.
local function view(challenge, sends, now, rules)
  return left(challenge, sends, now, rules, 'sequence', 'state', 'delivery', 'provider', 'reference',
    'channel', 'purpose', 'locale', 'sealed', 'context')
end
