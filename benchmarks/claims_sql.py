"""The statements of `benchmarks.claims`, and the tables that they run on."""

CAMPAIGN = "00000000-0000-0000-0000-000000000005"
USER = "00000000-0000-0000-0000-000000000006"

_TABLES = """
CREATE TABLE organizations (id bigint PRIMARY KEY);
CREATE TABLE customers (
    organization_id bigint NOT NULL REFERENCES organizations, id {uuid} NOT NULL,
    PRIMARY KEY (organization_id, id));
CREATE TABLE codes (
    organization_id bigint NOT NULL REFERENCES organizations, id {uuid} NOT NULL,
    campaign_id {uuid} NOT NULL, pos bigint NOT NULL, code varchar(64) NOT NULL,
    code_key varchar(64) NOT NULL, state varchar(10) NOT NULL, customer_id {uuid},
    account_id {uuid}, expires_at {moment}, created_at {moment} NOT NULL, created_by_user {uuid},
    issued_at {moment}, issued_by_user {uuid},
    PRIMARY KEY (organization_id, id), UNIQUE (organization_id, code_key),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id));
CREATE INDEX available ON codes (organization_id, campaign_id, pos) WHERE state = 'available';
CREATE INDEX of_customer ON codes (organization_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE TABLE pool (
    organization_id bigint NOT NULL REFERENCES organizations, campaign_id {uuid} NOT NULL,
    pos bigint NOT NULL, id {uuid} NOT NULL, code varchar(64) NOT NULL,
    code_key varchar(64) NOT NULL, expires_at {moment}, created_at {moment} NOT NULL,
    created_by_user {uuid},
    PRIMARY KEY (organization_id, campaign_id, pos), UNIQUE (organization_id, code_key));
CREATE TABLE gifts (
    organization_id bigint NOT NULL REFERENCES organizations, campaign_id {uuid} NOT NULL,
    pos bigint NOT NULL, code_id {uuid} NOT NULL, customer_id {uuid}, account_id {uuid},
    issued_at {moment}, issued_by_user {uuid},
    PRIMARY KEY (organization_id, campaign_id, pos),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id));
CREATE INDEX gift_of_customer ON gifts (organization_id, customer_id);
CREATE TABLE counters (
    organization_id bigint NOT NULL, campaign_id {uuid} NOT NULL, given bigint NOT NULL,
    PRIMARY KEY (organization_id, campaign_id));
INSERT INTO organizations VALUES (1);
"""

_OF_GIFT = """state = 'issued', customer_id = given.receiver, account_id = given.receiver,
    issued_at = {now}, issued_by_user = {user}"""

# --- PostgreSQL --------------------------------------------------------------------------------

POSTGRES_TABLES = f"""
{_TABLES.format(uuid="uuid", moment="timestamptz")}
INSERT INTO customers
    SELECT 1, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid
    FROM generate_series(0, 999) AS n;
INSERT INTO counters VALUES (1, '{CAMPAIGN}', 0);
"""

_POSTGRES_FILL = """
INSERT INTO {table} (organization_id, id, campaign_id, pos, code, code_key, created_at {names})
SELECT 1, gen_random_uuid(), '{campaign}', n, upper(md5(n::text)), md5(n::text), now() {values}
FROM generate_series(1, {{codes}}) AS n
"""
_POSTGRES_CODES = _POSTGRES_FILL.format(
    table="codes", names=", state", values=", 'available'", campaign=CAMPAIGN
)
POSTGRES_FILL = {
    "two statements": _POSTGRES_CODES,
    "one statement": _POSTGRES_CODES,
    "delete from a pool": _POSTGRES_FILL.format(
        table="pool", names="", values="", campaign=CAMPAIGN
    ),
    "counter": _POSTGRES_CODES,
    "on request": "SELECT {codes}",
}

_FREE = f"""organization_id = 1 AND campaign_id = '{CAMPAIGN}'
        AND (expires_at IS NULL OR expires_at > now()) AND pos > $1
    ORDER BY pos LIMIT $2 FOR UPDATE SKIP LOCKED"""
_GIFT = _OF_GIFT.format(now="{now}", user=f"'{USER}'")
_NUMBERED = "unnest($3::uuid[]) WITH ORDINALITY AS given(receiver, number)"

POSTGRES = {
    "two statements": (
        f"SELECT id, pos FROM codes WHERE state = 'available' AND {_FREE}",
        f"""UPDATE codes SET {_GIFT.format(now="$3")}
FROM unnest($1::uuid[], $2::uuid[]) AS given(id, receiver)
WHERE codes.organization_id = 1 AND codes.id = given.id RETURNING codes.code""",
    ),
    "one statement": (
        f"""WITH locked AS MATERIALIZED (
    SELECT id, pos FROM codes WHERE state = 'available' AND {_FREE}),
numbered AS (SELECT id, row_number() OVER (ORDER BY pos) AS number FROM locked),
given AS (SELECT id, receiver FROM numbered JOIN {_NUMBERED} USING (number))
UPDATE codes SET {_GIFT.format(now="$4")} FROM given
WHERE codes.organization_id = 1 AND codes.id = given.id RETURNING codes.pos, codes.code""",
    ),
    "delete from a pool": (
        f"""WITH locked AS MATERIALIZED (SELECT pos FROM pool WHERE {_FREE}),
numbered AS (SELECT pos, row_number() OVER (ORDER BY pos) AS number FROM locked),
gone AS (DELETE FROM pool USING numbered WHERE pool.organization_id = 1
    AND pool.campaign_id = '{CAMPAIGN}' AND pool.pos = numbered.pos RETURNING pool.*, number)
INSERT INTO codes (organization_id, id, campaign_id, pos, code, code_key, state, customer_id,
    account_id, expires_at, created_at, created_by_user, issued_at, issued_by_user)
SELECT 1, id, campaign_id, pos, code, code_key, 'issued', receiver, receiver, expires_at,
    created_at, created_by_user, $4, '{USER}'
FROM gone JOIN {_NUMBERED} USING (number) RETURNING pos, code""",
    ),
    # $1 is not needed: the counter knows how far it is.
    "counter": (
        f"""WITH counted AS (UPDATE counters SET given = given + $2 + 0 * $1::bigint
    WHERE organization_id = 1 AND campaign_id = '{CAMPAIGN}' RETURNING given),
mine AS (SELECT codes.*, row_number() OVER (ORDER BY pos) AS number FROM codes, counted
    WHERE organization_id = 1 AND campaign_id = '{CAMPAIGN}' AND state = 'available'
        AND pos > counted.given - $2 AND pos <= counted.given),
made AS (INSERT INTO gifts SELECT 1, campaign_id, pos, id, receiver, receiver, $4, '{USER}'
    FROM mine JOIN {_NUMBERED} USING (number))
SELECT pos, code FROM mine""",
    ),
    "on request": (
        f"""INSERT INTO codes (organization_id, id, campaign_id, pos, code, code_key, state,
    customer_id, account_id, created_at, created_by_user, issued_at, issued_by_user)
SELECT 1, id, '{CAMPAIGN}', 0, code, code, 'issued', receiver, receiver, $4, '{USER}', $4, '{USER}'
FROM unnest($1::uuid[], $2::varchar[], $3::uuid[]) AS given(id, code, receiver)
ON CONFLICT DO NOTHING RETURNING pos, code""",
    ),
}

# --- SQLite ------------------------------------------------------------------------------------

SQLITE_TABLES = f"""
{_TABLES.format(uuid="char(32)", moment="datetime")}
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 999)
INSERT INTO customers SELECT 1, printf('0000000000007000%s%012d', '8000', n) FROM number;
INSERT INTO counters VALUES (1, '{CAMPAIGN}', 0);
"""

_SQLITE_FILL = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :codes)
INSERT INTO {table} (organization_id, id, campaign_id, pos, code, code_key, created_at {names})
SELECT 1, lower(hex(randomblob(16))), '{campaign}', n, printf('CODE%X', n), printf('code%x', n),
    '2026-01-01' {values} FROM number
"""
_SQLITE_CODES = _SQLITE_FILL.format(
    table="codes", names=", state", values=", 'available'", campaign=CAMPAIGN
)
SQLITE_FILL = {
    "two statements": _SQLITE_CODES,
    "one statement": _SQLITE_CODES,
    "delete from a pool": _SQLITE_FILL.format(table="pool", names="", values="", campaign=CAMPAIGN),
    "counter": _SQLITE_CODES,
    "on request": "SELECT :codes",
}

_TAKERS = """(SELECT value ->> 0 AS number, value ->> 1 AS receiver FROM json_each(:takers))"""
_GIVEN = "SELECT value ->> 0 AS id, value ->> 1 AS receiver FROM json_each(:given)"
_FREE_HERE = """organization_id = 1 AND campaign_id = :campaign
    AND (expires_at IS NULL OR expires_at > :now) AND pos > :behind ORDER BY pos LIMIT :wanted"""
_AVAILABLE = f"FROM codes INDEXED BY available WHERE state = 'available' AND {_FREE_HERE}"
_GIFT_HERE = _OF_GIFT.format(now=":now", user=":user")

SQLITE = {
    "two statements": (
        f"SELECT id, pos {_AVAILABLE}",
        f"""WITH given AS MATERIALIZED ({_GIVEN})
UPDATE codes SET {_GIFT_HERE} FROM given WHERE codes.organization_id = 1 AND codes.id = given.id RETURNING codes.code, codes.pos""",
    ),
    "one statement": (
        f"""UPDATE codes SET {_GIFT_HERE}
FROM (SELECT free.id, takers.receiver
    FROM (SELECT id, row_number() OVER (ORDER BY pos) AS number
        FROM (SELECT id, pos {_AVAILABLE})) AS free
    JOIN {_TAKERS} AS takers USING (number)) AS given
WHERE codes.organization_id = 1 AND codes.id = given.id RETURNING codes.code, codes.pos""",
    ),
    "delete from a pool": (
        f"SELECT pos, pos FROM pool WHERE {_FREE_HERE}",
        f"""WITH given AS MATERIALIZED ({_GIVEN})
INSERT INTO codes (organization_id, id, campaign_id, pos, code, code_key, state,
    customer_id, account_id, expires_at, created_at, created_by_user, issued_at, issued_by_user)
SELECT 1, pool.id, campaign_id, pos, code, code_key, 'issued', receiver, receiver, expires_at,
    created_at, created_by_user, :now, :user
FROM given CROSS JOIN pool ON pool.organization_id = 1 AND pool.campaign_id = :campaign
    AND pool.pos = given.id WHERE true RETURNING code, pos""",
        """DELETE FROM pool WHERE organization_id = 1 AND campaign_id = :campaign
    AND pos > :behind AND pos <= :last RETURNING code, pos""",
    ),
    "counter": (
        """UPDATE counters SET given = given + :wanted
WHERE organization_id = 1 AND campaign_id = :campaign RETURNING given, given""",
        f"""INSERT INTO gifts SELECT 1, campaign_id, pos, id, receiver, receiver, :now, :user
FROM {_TAKERS} AS takers CROSS JOIN codes INDEXED BY available ON state = 'available'
    AND organization_id = 1 AND campaign_id = :campaign
    AND pos = :last - :wanted + takers.number
WHERE true RETURNING code_id, pos""",
    ),
    "on request": (
        """INSERT INTO codes (organization_id, id, campaign_id, pos, code, code_key, state,
    customer_id, account_id, created_at, created_by_user, issued_at, issued_by_user)
SELECT 1, value ->> 0, :campaign, 0, value ->> 1, value ->> 1, 'issued', value ->> 2,
    value ->> 2, :now, :user, :now, :user
FROM json_each(:made) WHERE true ON CONFLICT DO NOTHING RETURNING code, pos""",
    ),
}
