GRANT SELECT ON note TO guest;
REVOKE INSERT ON note FROM helper;
ALTER POLICY own_notes ON note USING (owner = current_user OR body LIKE 'public%');
