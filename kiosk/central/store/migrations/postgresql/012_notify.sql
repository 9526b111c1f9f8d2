-- Whoever listens is told at the commit that something was published. Only there: in every transaction it would halve their rate.
CREATE FUNCTION tell_publication() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN NOTIFY publications; RETURN NULL; END $$

CREATE TRIGGER tell AFTER INSERT ON publications FOR EACH STATEMENT EXECUTE FUNCTION tell_publication()
