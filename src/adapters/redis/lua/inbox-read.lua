-- Reads a user's inbox after a place, or says that the reader must begin anew (resync): the epoch is another, the place
-- is beyond the head, or what follows it is not there any more. With an epoch that nobody has it gives the head alone.
--
-- KEYS[1]  sorted set  inbox: number → the message's JSON
-- KEYS[2]  hash        meta: epoch, seq
-- KEYS[3]  hash        newest: conversation id → the greatest seq of it that was appended
-- ARGV[1]  string      the epoch to begin where there is none of this life of the server
-- ARGV[2]  integer     ms that a new meta is kept
-- ARGV[3]  string      the reader's epoch
-- ARGV[4]  integer     the reader's place: read after this number
-- ARGV[5]  integer     messages to read at most
-- Returns  array: epoch (string), seq of the head (integer), resync (0 or 1), JSON of the messages in order (array of
--          string; none where resync)

local inbox, meta, newest = KEYS[1], KEYS[2], KEYS[3]
local after, limit = tonumber(ARGV[4]), tonumber(ARGV[5])

-- The part of an epoch before its dot names the life of the server in which it began. A server that was started again may
-- hold an older state: what it lost would be missed silently if its numbers were given again.
local function of_another_life(epoch)
  local began, present = string.match(epoch, '^[^.]+%.'), string.match(ARGV[1], '^[^.]+%.')
  return began and present and began ~= present
end

local epoch = redis.call('HGET', meta, 'epoch')
if not epoch or of_another_life(epoch) then
  -- Messages of an epoch that was lost have no numbers in the new one.
  redis.call('DEL', inbox, newest)
  redis.call('HSET', meta, 'epoch', ARGV[1], 'seq', 0)
  redis.call('PEXPIRE', meta, ARGV[2])
  epoch = ARGV[1]
end
local seq = tonumber(redis.call('HGET', meta, 'seq'))

local count = math.min(limit, seq - after)
if epoch ~= ARGV[3] or count < 0 then return { epoch, seq, 1, {} } end
local members = {}
if count > 0 then members = redis.call('ZRANGEBYSCORE', inbox, after + 1, after + count) end
-- Numbers have no gaps, so fewer than wanted means that some were trimmed or have expired.
if #members ~= count then return { epoch, seq, 1, {} } end
return { epoch, seq, 0, members }
