create table messages (id int, has_been_read boolean not null default false);
