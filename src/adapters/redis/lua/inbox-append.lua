-- Appends messages to the inboxes of some users, each with the next number of that inbox, and tells where the users are. A
-- message that is there already, by its conversation and seq, keeps its number, so the same call again changes nothing but
-- the times. The oldest messages of an inbox go where there are too many.
--
-- KEYS[1]  sorted set  inbox of the first user: number → the message's JSON, which begins with its conversation and seq
-- KEYS[2]  hash        meta: epoch, seq
-- KEYS[3]  hash        newest: conversation id → the greatest seq of it that was appended
-- KEYS[4]  hash        conn: device id → JSON of the route, lapsed or not
--                      The same four of each further user follow.
-- ARGV[1]  string      the epoch to begin where there is none of this life of the server
-- ARGV[2]  integer     ms that meta is kept
-- ARGV[3]  integer     messages that are kept
-- ARGV[4]  integer     ms that messages are kept
-- ARGV[5]  integer     messages that follow
-- ARGV[6…] string      conversation id, seq and JSON of each message, in turn; then of each user, in the order of the
--                      keys, how many of the messages are appended, and which, each by its place from 1
-- Returns  array: the server's time (array of string: seconds, and microseconds of the second); of each user an array of
--          the number of each message (array of integer) and the user's conn (array of string: field and value in turn)

local meta_ttl, length, ttl = ARGV[2], tonumber(ARGV[3]), ARGV[4]

-- The times of the keys are set again when a hundredth of them is over: at each message it would take a sixth of the work.
local LEFT_MIN = 0.99 * ttl

-- The part of an epoch before its dot names the life of the server in which it began. A server that was started again may
-- hold an older state: what it lost would be missed silently if its numbers were given again.
local function life_of(epoch)
  return string.match(epoch, '^[^.]+%.')
end
local present = life_of(ARGV[1])
local function of_another_life(epoch)
  local began = life_of(epoch)
  return began and present and began ~= present
end

-- Messages of a conversation come in the order of their seq, so one that is not beyond the greatest is most likely there,
-- and among the newest: here among those that are about to be added, or in the inbox. Gives its number.
local LOOK_AT = 50
local function number_of(inbox, conversation, its_seq, messages)
  local beginning = '{"conversation_id":"' .. conversation .. '","seq":' .. its_seq .. ','
  for i = #messages, 2, -2 do
    if string.find(messages[i], beginning, 1, true) == 1 then return messages[i - 1] end
  end
  local last = -1
  while true do
    local found = redis.call('ZRANGE', inbox, last - LOOK_AT + 1, last, 'WITHSCORES')
    for i = #found - 1, 1, -2 do
      if string.find(found[i], beginning, 1, true) == 1 then return tonumber(found[i + 1]) end
    end
    if #found < 2 * LOOK_AT then return nil end
    last = last - LOOK_AT
  end
end

-- Lua hands over some thousand values at once and no more.
local CHUNK = 1000

-- `first` and `past` bound the places in ARGV where it stands which messages are the user's.
local function append(inbox, meta, newest, first, past)
  local epoch, seq = unpack(redis.call('HMGET', meta, 'epoch', 'seq'))
  seq = tonumber(seq)
  if not seq or of_another_life(epoch) then
    -- Messages of an epoch that was lost have no numbers in the new one.
    redis.call('DEL', inbox, newest)
    redis.call('HSET', meta, 'epoch', ARGV[1])
    seq = 0
  end

  local numbers = {}
  local is_any_first = false
  for from = first, past - 1, CHUNK do
    local to = math.min(from + CHUNK, past) - 1
    local greatest, conversations = {}, {}
    for i = from, to do
      local conversation = ARGV[3 + 3 * ARGV[i]]
      if not greatest[conversation] then
        greatest[conversation] = 0
        conversations[#conversations + 1] = conversation
      end
    end
    for i, known in ipairs(redis.call('HMGET', newest, unpack(conversations))) do
      greatest[conversations[i]] = tonumber(known or 0)
      is_any_first = is_any_first or not known
    end

    local messages = {}
    for i = from, to do
      local place = 3 + 3 * ARGV[i]
      local conversation, its_seq = ARGV[place], tonumber(ARGV[place + 1])
      local number
      if its_seq > greatest[conversation] then
        greatest[conversation] = its_seq
      else
        number = number_of(inbox, conversation, ARGV[place + 1], messages)
      end
      if not number then
        seq = seq + 1
        number = seq
        messages[#messages + 1] = number
        messages[#messages + 1] = ARGV[place + 2]
      end
      numbers[#numbers + 1] = number
    end
    if #messages > 0 then
      redis.call('ZADD', inbox, unpack(messages))
      local fields = {}
      for conversation, its_seq in pairs(greatest) do
        fields[#fields + 1] = conversation
        fields[#fields + 1] = its_seq
      end
      redis.call('HSET', newest, unpack(fields))
    end
  end

  redis.call('HSET', meta, 'seq', seq)
  if redis.call('PTTL', inbox) < LEFT_MIN then
    redis.call('PEXPIRE', meta, meta_ttl)
    redis.call('PEXPIRE', newest, meta_ttl)
    redis.call('PEXPIRE', inbox, ttl)
  end
  if seq > length then redis.call('ZREMRANGEBYSCORE', inbox, '-inf', seq - length) end

  -- Conversations of which nothing is left are forgotten once there are more of them than there can be messages.
  if is_any_first and redis.call('HLEN', newest) > 2 * length then
    local left = {}
    for _, message in ipairs(redis.call('ZRANGE', inbox, 0, -1)) do
      local conversation, its_seq = string.match(message, '^{"conversation_id":"([^"]+)","seq":(%d+),')
      left[conversation] = math.max(left[conversation] or 0, tonumber(its_seq))
    end
    redis.call('DEL', newest)
    for conversation, its_seq in pairs(left) do redis.call('HSET', newest, conversation, its_seq) end
    redis.call('PEXPIRE', newest, meta_ttl)
  end
  return numbers
end

local of_users = {}
local at = 6 + 3 * ARGV[5]
for key = 1, #KEYS, 4 do
  local past = at + 1 + ARGV[at]
  local numbers = append(KEYS[key], KEYS[key + 1], KEYS[key + 2], at + 1, past)
  of_users[#of_users + 1] = { numbers, redis.call('HGETALL', KEYS[key + 3]) }
  at = past
end
return { redis.call('TIME'), of_users }
