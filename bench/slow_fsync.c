/* For LD_PRELOAD: every fsync and fdatasync takes 10 ms longer, as on a spinning disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int slow(const char *name, int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct timespec pause = {0, 10 * 1000 * 1000};
    nanosleep(&pause, 0);
    return real(descriptor);
}

int fsync(int descriptor) { return slow("fsync", descriptor); }
int fdatasync(int descriptor) { return slow("fdatasync", descriptor); }
