-- Takes the next numbers of some conversations.
--
-- KEYS[1…]  string   counter of each: the last number that was taken; none where none was
-- ARGV[1…]  integer  how many of each, in the order of the keys
-- Returns  array of integer: the last number that was taken of each

local lasts = {}
for i, key in ipairs(KEYS) do lasts[i] = redis.call('INCRBY', key, ARGV[i]) end
return lasts
