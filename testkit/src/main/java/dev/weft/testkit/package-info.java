/** Contract tests, generators, checkers and naive models for schedulers, caches and executors. */
package dev.weft.testkit;
