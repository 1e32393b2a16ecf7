/* migrations.h - the schema, as numbered steps; see store-migrate.c. */
#ifndef ONCALL_MIGRATIONS_H
#define ONCALL_MIGRATIONS_H

struct store_migration {
	int number; /* 1, 2, 3, ... without a gap */
	const char *name;
	const char *sql; /* statements, with '@' words; see store.h */
};

/* Ended by number 0. */
extern const struct store_migration store_migrations[];

#endif
