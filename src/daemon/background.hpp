// SPDX-License-Identifier: MIT
#pragma once

namespace acefs::daemon {

/// Goes on in a child process of its own session. The calling process waits until the child says that it is ready, and exits with
/// 0 then, or with the child's exit code if it ends before. Returns, in the child, the descriptor to say so by: one byte.
int go_to_background();

/// What a background process does when it is ready: lets go of the terminal and of the starting directory.
void let_go_of_terminal();

}  // namespace acefs::daemon
