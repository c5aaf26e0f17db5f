/** Drafters, and policies that decide how many drafts each sequence gets. */
package dev.weft.speculative;
