select count(*)
from messages
where not has_been_read;
