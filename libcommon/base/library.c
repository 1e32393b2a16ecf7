/* library.c - loads a library, whoever comes first. */
#include <oncall/library.h>

#include <dlfcn.h>
#include <pthread.h>

static int fill(const struct library *lib, void *handle, struct err *err)
{
	for (size_t i = 0; lib->names[i]; i++) {
		void *f = dlsym(handle, lib->names[i]);

		if (!f)
			return err_set(err, ERR_SYSTEM,
				       "%s has no %s: version %s or newer is "
				       "needed",
				       lib->file, lib->names[i], lib->version);
		/* ISO C has no conversion between the two kinds of pointer. */
		memcpy((char *)lib->functions + i * sizeof(f), &f, sizeof(f));
	}
	return lib->prepare ? lib->prepare(err) : 0;
}

static int load(struct library *lib, struct err *err)
{
	void *handle = dlopen(lib->file, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return err_set(err, ERR_SYSTEM,
			       "cannot load %s, which %s "
			       "(Debian: apt install %s): %s",
			       lib->file, lib->why, lib->package, dlerror());
	if (fill(lib, handle, err) < 0) {
		(void)dlclose(handle);
		return -1;
	}
	atomic_store_explicit(&lib->loaded, true, memory_order_release);
	return 0;
}

int library_load(struct library *lib, struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int rc = 0;

	if (atomic_load_explicit(&lib->loaded, memory_order_acquire))
		return 0;
	(void)pthread_mutex_lock(&lock);
	if (!atomic_load(&lib->loaded))
		rc = load(lib, err);
	(void)pthread_mutex_unlock(&lock);
	return rc;
}
