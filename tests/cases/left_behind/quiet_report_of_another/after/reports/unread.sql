select count(*)
from letters
where not has_been_read;
