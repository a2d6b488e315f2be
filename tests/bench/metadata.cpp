// SPDX-License-Identifier: MIT
// How many operations on names a directory does per second: one JSON object on standard output, null for what it cannot do.
#include <getopt.h>
#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <numeric>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "timed_loop.hpp"

namespace acefs::bench {
namespace {

constexpr const char* kUsage =
    "bench_metadata DIR [--prepare] [--ops OP,...] [--depth N] [--threads N] [--seconds S] [--uid U] [--gid G] [--groups N]\n"
    "  --prepare   make in DIR what the loops work on, instead of running them\n"
    "  --ops       stat open openread create mkdir rename getxattr enoent readdir walk walkstat (all)\n"
    "  --depth     directories between DIR and the files (1)\n"
    "  --seconds   of each loop (0.3)\n"
    "  --uid --gid whom to run as; --groups N: with N supplementary groups, the numbers that follow the gid (none)\n";

struct Options {
  Layout layout;
  std::vector<const Operation*> operations;
  double seconds = 0.3;
  bool prepare = false;
  uid_t uid = ::getuid();
  gid_t gid = ::getgid();
  int groups = 0;
};

std::vector<const Operation*> parse_operations(const std::string& list) {
  std::vector<const Operation*> found;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const std::string name = list.substr(at, comma - at);
    const Operation* operation = find_operation(name);
    if (operation == nullptr) throw std::invalid_argument("there is no operation \"" + name + "\"");
    found.push_back(operation);
    at = comma + 1;
  }
  return found;
}

int positive(const char* text) {
  const int value = std::stoi(text);
  if (value < 1) throw std::invalid_argument(std::string(text) + " is not a positive number");
  return value;
}

Options parse(int argc, char** argv) {
  static const std::array<option, 9> known = {{
      {"prepare", no_argument, nullptr, 'p'},
      {"ops", required_argument, nullptr, 'o'},
      {"depth", required_argument, nullptr, 'd'},
      {"threads", required_argument, nullptr, 't'},
      {"seconds", required_argument, nullptr, 's'},
      {"uid", required_argument, nullptr, 'u'},
      {"gid", required_argument, nullptr, 'g'},
      {"groups", required_argument, nullptr, 'n'},
      {nullptr, 0, nullptr, 0},
  }};
  Options options;
  for (const Operation& operation : operations()) options.operations.push_back(&operation);
  for (int letter = 0; (letter = ::getopt_long(argc, argv, "", known.data(), nullptr)) != -1;) {
    switch (letter) {
      case 'p': options.prepare = true; break;
      case 'o': options.operations = parse_operations(optarg); break;
      case 'd': options.layout.depth = positive(optarg); break;
      case 't': options.layout.threads = positive(optarg); break;
      case 's': options.seconds = std::stod(optarg); break;
      case 'u': options.uid = static_cast<uid_t>(std::stoul(optarg)); break;
      case 'g': options.gid = static_cast<gid_t>(std::stoul(optarg)); break;
      case 'n': options.groups = positive(optarg); break;
      default: throw std::invalid_argument("");
    }
  }
  if (optind + 1 != argc) throw std::invalid_argument("one directory is needed");
  options.layout.root = argv[optind];
  return options;
}

bool wants(const Options& options, std::string_view name) {
  return std::any_of(options.operations.begin(), options.operations.end(), [&](const Operation* o) { return o->name == name; });
}

/// For all threads that start later.
void become(const Options& options) {
  if (::geteuid() != 0) return;
  std::vector<gid_t> groups(static_cast<std::size_t>(options.groups));
  std::iota(groups.begin(), groups.end(), options.gid + 1);
  if (::setgroups(groups.size(), groups.data()) != 0 || ::setgid(options.gid) != 0 || ::setuid(options.uid) != 0)
    throw std::system_error(errno, std::generic_category(), "becoming uid " + std::to_string(options.uid));
}

void measure_all(const Options& options) {
  const char* separator = "{";
  for (const Operation* operation : options.operations) {
    const Rate rate = measure(*operation, options.layout, options.seconds);
    std::printf("%s\"%s\": ", separator, std::string(operation->name).c_str());
    if (rate.error == 0) {
      std::printf("%.1f", rate.per_second);
    } else {
      std::printf("null");
      std::fprintf(stderr, "%s: %s\n", std::string(operation->name).c_str(), std::strerror(rate.error));
    }
    separator = ", ";
  }
  std::printf("}\n");
}

}  // namespace
}  // namespace acefs::bench

int main(int argc, char** argv) {
  using namespace acefs::bench;
  try {
    const Options options = parse(argc, argv);
    if (options.prepare) {
      prepare(options.layout, wants(options, "readdir"), wants(options, "walk") || wants(options, "walkstat"));
      return EXIT_SUCCESS;
    }
    become(options);
    measure_all(options);
    return EXIT_SUCCESS;
  } catch (const std::invalid_argument& e) {
    std::fprintf(stderr, "bench_metadata: %s\n%s", e.what(), kUsage);
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_metadata: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
