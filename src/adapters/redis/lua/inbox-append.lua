-- Appends messages to a user's inbox, each with the next number. A message whose place is known keeps its number, so
-- the same call again changes nothing but the times. The oldest messages go where there are too many.
--
-- KEYS[1]  sorted set  inbox: number → the message's JSON
-- KEYS[2]  hash        meta: epoch, seq
-- KEYS[3]  sorted set  places: number → "<conversation_id> <seq>"
-- ARGV[1]  string      the epoch to begin where there is none of this life of the server
-- ARGV[2]  integer     ms that meta is kept
-- ARGV[3]  integer     messages that are kept
-- ARGV[4]  integer     ms that messages are kept
-- ARGV[5…] string      place and JSON of each message, in turn
-- Returns  array of integer: the number of each message

local inbox, meta, places = KEYS[1], KEYS[2], KEYS[3]
local length, ttl = tonumber(ARGV[3]), ARGV[4]

-- The part of an epoch before its dot names the life of the server in which it began. A server that was started again may
-- hold an older state: what it lost would be missed silently if its numbers were given again.
local function of_another_life(epoch)
  local began, present = string.match(epoch, '^[^.]+%.'), string.match(ARGV[1], '^[^.]+%.')
  return began and present and began ~= present
end

local epoch, seq = unpack(redis.call('HMGET', meta, 'epoch', 'seq'))
seq = tonumber(seq)
if not seq or of_another_life(epoch) then
  -- Messages of an epoch that was lost have no numbers in the new one.
  redis.call('DEL', inbox, places)
  redis.call('HSET', meta, 'epoch', ARGV[1], 'seq', 0)
  seq = 0
end

-- Lua hands over some thousand values at once and no more.
local CHUNK = 1000
local numbers = {}
for first = 5, #ARGV, 2 * CHUNK do
  local wanted = {}
  for i = first, math.min(first + 2 * CHUNK, #ARGV) - 1, 2 do wanted[#wanted + 1] = ARGV[i] end
  local known = redis.call('ZMSCORE', places, unpack(wanted))

  local given, new_messages, new_places = {}, {}, {}
  for i, place in ipairs(wanted) do
    local number = tonumber(known[i] or given[place])
    if not number then
      seq = seq + 1
      number = seq
      given[place] = number
      new_messages[#new_messages + 1] = number
      new_messages[#new_messages + 1] = ARGV[first + 2 * i - 1]
      new_places[#new_places + 1] = number
      new_places[#new_places + 1] = place
    end
    numbers[#numbers + 1] = number
  end
  if #new_places > 0 then
    redis.call('ZADD', inbox, unpack(new_messages))
    redis.call('ZADD', places, unpack(new_places))
  end
end

redis.call('HSET', meta, 'seq', seq)
redis.call('PEXPIRE', meta, ARGV[2])
for _, key in ipairs({ inbox, places }) do
  if seq > length then redis.call('ZREMRANGEBYSCORE', key, '-inf', seq - length) end
  redis.call('PEXPIRE', key, ttl)
end
return numbers
