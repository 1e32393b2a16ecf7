/*
 * replay.c - feeds files to a fuzz target: the main() that libFuzzer brings
 * otherwise. A folder stands for all files in it. The empty input always comes
 * first.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_MAX_BYTES ((size_t)64 * 1024 * 1024)

static size_t replayed;

static void die(const char *path)
{
	(void)fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	exit(4);
}

/* Gives the target a copy that ends where the input ends, so that reading past
 * it is noticed by AddressSanitizer. */
static void replay_bytes(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		die("memory");
	if (size)
		memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	replayed++;
}

static void replay_file(const char *path, size_t size)
{
	FILE *in = fopen(path, "rbe");
	uint8_t *data;
	size_t got;

	if (!in)
		die(path);
	if (size > REPLAY_MAX_BYTES) {
		errno = EFBIG;
		die(path);
	}
	data = malloc(size + 1);
	if (!data)
		die("memory");
	got = fread(data, 1, size, in);
	if (ferror(in))
		die(path);
	/* Printed before, so that a crash names its input. */
	(void)printf("# %s\n", path);
	(void)fflush(stdout);
	replay_bytes(data, got);
	free(data);
	(void)fclose(in);
}

static void replay_path(const char *path);

static void replay_folder(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);

	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		char *inner = NULL;

		if (names[i]->d_name[0] != '.') {
			if (asprintf(&inner, "%s/%s", path, names[i]->d_name) <
			    0)
				die("memory");
			replay_path(inner);
			free(inner);
		}
		free(names[i]);
	}
	free(names);
}

static void replay_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		die(path);
	if (S_ISDIR(st.st_mode))
		replay_folder(path);
	else
		replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	replay_bytes(NULL, 0);
	for (int i = 1; i < argc; i++)
		replay_path(argv[i]);
	(void)printf("# replayed %zu inputs\n", replayed);
	return 0;
}
