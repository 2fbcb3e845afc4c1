// The checksum of a safetensors file: CRC-32 of the whole file, kept in its own metadata as eight hexadecimal
// digits, which count as zeros in the sum.
#ifndef CLG_DATA_SAFETENSORS_SUM_H
#define CLG_DATA_SAFETENSORS_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Writes the sum into the JSON header.
void clg_safetensors_sum_write(char *header, size_t length, uint32_t sum);
// The sum in the file's header (its first `header` bytes) and the sum of its bytes. false: the header has
// none.
bool clg_safetensors_sum(const char *content, size_t size, size_t header, uint32_t *stored, uint32_t *actual);

#endif
