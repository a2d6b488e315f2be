// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace acefs::audit {

/// Lines on their way out: a bounded queue and one thread that empties it. Who puts a line in never waits; a line for which there is
/// no room is lost, and counted.
///
/// Not spdlog's asynchronous logger: its queue drops the oldest line, which is the one that tells how it began, and its end waits
/// for its sink, so that a sink that hangs would keep the daemon from ending.
class Outlet {
 public:
  /// Returns false when the line did not get out. Called by the outlet's thread only; may block.
  using Write = std::function<bool(const std::string& line)>;

  /// `name`: what messages call it. `tells_losses`: a line says so when others were lost before it.
  Outlet(std::string name, std::size_t capacity, bool tells_losses, Write write);
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;
  /// Waits some seconds for what is queued to get out. Whatever still hangs then is left behind, and ends with the process.
  ~Outlet();

  void put(std::shared_ptr<const std::string> line);
  /// There was a line, and it could not even be made.
  void lose() noexcept;

  std::uint64_t written() const;
  std::uint64_t lost() const;
  /// How many lines wait.
  std::size_t queued() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< the thread's too, which may outlive this
};

}  // namespace acefs::audit
