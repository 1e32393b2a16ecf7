/*
 * fuzz.h - what a fuzz target is: a file fuzz-<module>.c that defines this
 * function. It gives any bytes to the module and checks what must always hold;
 * it returns 0. Its inputs are kept in corpus/<module>/, words that help the
 * fuzzer in <module>.dict. `make fuzz` looks for new inputs, `make check` runs
 * the kept ones through the ordinary build.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
