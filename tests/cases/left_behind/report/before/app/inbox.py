def unread(rows):
    return [row for row in rows if not row.has_been_read]
