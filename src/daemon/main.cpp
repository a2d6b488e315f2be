// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "daemon/exit_codes.hpp"
#include "daemon/options.hpp"
#include "daemon/run.hpp"

int main(int argc, char** argv) {
  using namespace acefs::daemon;
  try {
    std::string help;
    const Options options = parse_options({argv + 1, argv + argc}, help);
    if (!help.empty()) return std::fputs(help.c_str(), stdout) < 0 ? kInternal : kOk;
    return run(options);
  } catch (const StartError& e) {
    std::fprintf(stderr, "acefs: %s\n", e.what());
    return e.exit_code;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "acefs: %s\n", e.what());
    return kInternal;
  }
}
