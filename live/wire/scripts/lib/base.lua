-- What every script shares: the server's clock, exact integers as text, the episode check, the history.
local function now_us()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

-- Doubles are exact up to 2^53; the default conversion would keep 14 digits only.
local function text(number)
  return string.format('%.0f', number)
end

local function is_current(id)
  return redis.call('HGET', episode, 'id') == id
end

local function note(at_us, kind, task, worker, token)
  redis.call('RPUSH', history, text(at_us) .. ' ' .. kind .. ' ' .. task .. ' ' .. worker .. ' ' .. token)
end
