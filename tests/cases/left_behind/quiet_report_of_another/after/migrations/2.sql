alter table messages drop column has_been_read;
