// The checksum of a safetensors file: CRC-32 of all of it, in its own metadata as eight hexadecimal digits,
// which count as zeros.
#ifndef CLG_DATA_SAFETENSORS_SUM_H
#define CLG_DATA_SAFETENSORS_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Puts the sum in its place in the JSON header.
void clg_safetensors_sum_write(char *header, size_t length, uint32_t sum);
// What a file's header (its first `header` bytes) tells, and what the file's bytes give. false: it
// tells none.
bool clg_safetensors_sum(const char *content, size_t size, size_t header, uint32_t *told, uint32_t *is);

#endif
