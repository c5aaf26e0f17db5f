/** Paged KV blocks, the prefix cache and copy-on-write forks. */
package dev.weft.pagedkv;
