/* Consumers find out how far standbys are: docs/protocol.md. */

CREATE FUNCTION uncache_internal.wal_position() RETURNS pg_lsn
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_wal_position';
COMMENT ON FUNCTION uncache_internal.wal_position() IS
	'a place in the WAL behind every commit that can be seen; it is flushed';

/*
 * The place first: what is replayed is compared with it.  Several standbys may have one
 * name: a row for each, the last one of them last.  Who does not replay (pg_receivewal)
 * and who is no standby (a logical subscriber, a base backup) is not told of.
 */
CREATE FUNCTION uncache.standbys(target text, names text[], mark boolean, OUT name text, OUT replayed pg_lsn)
	RETURNS SETOF record
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_ack(standbys.target, '1:1:');
	IF mark THEN
		replayed := uncache_internal.wal_position();
		RETURN NEXT;
	END IF;
	RETURN QUERY
		SELECT r.application_name, r.replay_lsn
		FROM pg_stat_replication r
		WHERE r.state <> 'backup'
			AND CASE WHEN names IS NULL THEN r.state = 'streaming' AND r.replay_lsn IS NOT NULL
				ELSE r.application_name = ANY (names) END
			AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
		ORDER BY r.application_name, r.replay_lsn DESC NULLS LAST;
END
$$;
COMMENT ON FUNCTION uncache.standbys(text, text[], boolean) IS
	'what standbys have replayed; names null: those that are streaming; with mark a first row without a '
	'name, the place in the WAL that they have to reach';

CREATE FUNCTION uncache.report_late(target text, names text[]) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_ack(report_late.target, '1:1:');
	UPDATE uncache.consumers c SET late_standbys = names WHERE c.target = report_late.target;
END
$$;
COMMENT ON FUNCTION uncache.report_late(text, text[]) IS
	'the standbys that a consumer no longer waits for; null if there are none';
