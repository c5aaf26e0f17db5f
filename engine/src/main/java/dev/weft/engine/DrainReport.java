package dev.weft.engine;

import java.util.List;

/**
 * What became of the requests that lived when draining began.
 *
 * @param numFinished      requests that ended by themselves: complete, cancelled or expired
 * @param cutOffRequestIds requests of which a sample was ended with SHUTDOWN because the time was
 *                         over or the engine was closed, or with ERROR; in the order of their ends
 */
public record DrainReport(int numFinished, List<Long> cutOffRequestIds) {}
